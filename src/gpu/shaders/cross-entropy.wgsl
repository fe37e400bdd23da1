// loss[m] = lse[m] − logits[id[m],m],  lse[m] = max_v + log Σ_v exp(logits[v,m] − max_v)
// logits[v,m] ← (exp(logits[v,m] − lse[m]) − [v = id[m]]) · loss_scale     in place; 0 in columns that are not used
//   logits (V,M) f32 · target_ids u32 · loss_scale (1) f32 · used (1) u32 · losses f32, entry offset+m
// One invocation per column m; lanes lie along M, so every row is one contiguous load.
override WG: u32 = 8u;
struct Params { V: u32, M: u32, offset: u32 }
var<uniform> params: Params;
var<storage, read_write> logits: array<f32>;
var<storage, read> target_ids: array<u32>;
var<storage, read> loss_scale: array<f32>;
var<storage, read> used: array<u32>;
var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let m = id.x;
  if (m >= params.M) { return; }
  if (params.offset + m >= used[0]) {
    for (var v = 0u; v < params.V; v++) { logits[v * params.M + m] = 0.0; }
    return;
  }
  var top = -3.4e38;
  for (var v = 0u; v < params.V; v++) { top = max(top, logits[v * params.M + m]); }
  var sum = 0.0;
  for (var v = 0u; v < params.V; v++) { sum += exp(logits[v * params.M + m] - top); }
  let lse = top + log(sum);
  let asked = target_ids[params.offset + m];
  losses[params.offset + m] = lse - logits[asked * params.M + m];
  for (var v = 0u; v < params.V; v++) {
    let i = v * params.M + m;
    logits[i] = (exp(logits[i] - lse) - select(0.0, 1.0, v == asked)) * loss_scale[0];
  }
}
