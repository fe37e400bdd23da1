// What matmul-matrices multiplies: f32, so nothing is rounded. PAD of them are 16 bytes.
alias component = f32;
const PAD = 4u;
