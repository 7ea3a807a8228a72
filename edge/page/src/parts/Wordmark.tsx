export function Wordmark() {
  return (
    <span className="wordmark">
      <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
        <circle cx="9" cy="16" r="4" />
        <path d="M16.5 9.2a10 10 0 0 1 0 13.6" />
        <path className="wordmark__far" d="M21.6 4.6a16.5 16.5 0 0 1 0 22.8" />
      </svg>
      Nearfield
    </span>
  );
}
