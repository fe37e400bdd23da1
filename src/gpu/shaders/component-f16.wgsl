enable f16;
// What matmul-matrices multiplies: f16. Weights and activations are rounded to 11 bits. PAD of them are 16 bytes.
alias component = f16;
const PAD = 8u;
