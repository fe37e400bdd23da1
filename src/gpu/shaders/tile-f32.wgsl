// What a product keeps in workgroup memory: f32, so nothing is rounded.
alias tile4 = vec4<f32>;
