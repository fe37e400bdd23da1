// Linears that read one x lie one below the other, and up to three of them have a low-rank branch. Branch z has the rows from
// span(z).x to the one before span(z).y of the group, and B has those of all branches one below the other: row o of the group is
// row o - span(z).z of B. Branches that a group does not have have no rows, behind all others.
// Needs params.begin_0, params.end_0, params.begin_1, params.end_1, params.begin_2 and params.end_2.
fn span(z: u32) -> vec3<u32> {
  let gap_1 = params.begin_0 + params.begin_1 - params.end_0;
  let zero = vec3(params.begin_0, params.end_0, params.begin_0);
  let one = vec3(params.begin_1, params.end_1, gap_1);
  let two = vec3(params.begin_2, params.end_2, gap_1 + params.begin_2 - params.end_1);
  // No switch: SwiftShader (driver 5.0.0) never comes back from one that returns where lanes differ in z.
  return select(select(two, one, z == 1u), zero, z == 0u);
}
