// The scales of columns 4·c4 … 4·c4+3 in four rows.
fn scales4(row: vec4<u32>, c4: u32) -> vec4<f32> {
  return vec4(scale_of(row.x, c4), scale_of(row.y, c4), scale_of(row.z, c4), scale_of(row.w, c4));
}
