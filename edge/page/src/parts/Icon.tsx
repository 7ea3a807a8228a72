const PATHS = {
  microphone: "M12 3.5a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0v-5a3 3 0 0 1 3-3zM6 11.5a6 6 0 0 0 12 0M12 17.5v3",
  muted: "M9 9.5v2a3 3 0 0 0 4.6 2.5M15 11V6.5a3 3 0 0 0-5.8-1M6 11.5a6 6 0 0 0 9.3 5M18 11.5c0 .8-.15 1.5-.4 2.2M12 17.5v3M4.5 4.5l15 15",
  stop: "M7 7h10v10H7z",
  send: "M4.5 12h14M13 6.5 18.5 12 13 17.5",
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8 6v12M16 6v12",
  screen: "M4 5h16v11H4zM9 20h6M12 16v4",
  leave: "M14 7V5H5v14h9v-2M10 12h10M17 9l3 3-3 3",
  contrast: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  close: "M6 6l12 12M18 6 6 18",
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing beside words, or in a button whose name is given otherwise. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
