export const words = {
  title: 'Something wrong?',
  hint: 'A record for a bug report: versions, this GPU, your settings, the figures of the run and the last errors. It holds no text of yours and no file name, and it goes nowhere by itself.',
  save: 'Save a record',
};
