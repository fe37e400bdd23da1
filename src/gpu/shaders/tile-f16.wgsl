enable f16;
// What a product keeps in workgroup memory: f16, half the traffic. Weights and activations are rounded to 11 bits.
alias tile4 = vec4<f16>;
