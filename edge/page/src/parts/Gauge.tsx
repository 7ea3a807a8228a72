interface Props {
  readonly label: string;
  /** 0..1. */
  readonly share: number;
}

/** How much of something there is, as a bar. */
export function Gauge({ label, share }: Props) {
  const percent = Math.round(Math.min(Math.max(share, 0), 1) * 100);
  return (
    <span className="gauge" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <span className="gauge__filled" style={{ width: `${percent}%` }} />
    </span>
  );
}
