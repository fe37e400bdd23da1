const PATHS = {
  tick: 'M4 10.5l4 4 8-9',
  file: 'M5 2.5h6l4 4v11H5zM11 2.5v4h4',
  folder: 'M2.5 5h5l2 2h8v9h-15z',
  download: 'M10 3v9m-4-3.5l4 4 4-4M4 16.5h12',
  down: 'M5 8l5 5 5-5',
  trash: 'M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11',
  pencil: 'M4 16l.8-3.4L13 4.4l2.6 2.6-8.2 8.2z',
  close: 'M5 5l10 10M15 5L5 15',
  light:
    'M10 6.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M15.7 4.3l-1.1 1.1M5.4 14.6l-1.1 1.1',
  dark: 'M16 11.8A6.6 6.6 0 018.2 4a6.6 6.6 0 107.8 7.8z',
  system: 'M3 4h14v9.5H3zM7 17h6M10 13.5V17',
  copy: 'M7 7h9v10H7zM4 13V3h9',
  pause: 'M7 4.5v11M13 4.5v11',
  play: 'M6.5 4.5v11l9-5.5z',
  stop: 'M5.5 5.5h9v9h-9z',
  swap: 'M4 7h11l-3-3M16 13H5l3 3',
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
