// One running index over a two-dimensional grid: WebGPU allows 65,535 workgroups a dimension (see grid.ts).
fn flat_index(id: vec3<u32>, groups: vec3<u32>, wg: u32) -> u32 {
  return id.y * groups.x * wg + id.x;
}
