/** The product's mark and name. */
export function Brand() {
  return (
    <span class="brand">
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
        <rect class="brand-ground" width="32" height="32" rx="7" />
        <path class="brand-faint" d="M7 9h18M7 16h18M7 23h18" />
        <path class="brand-line" d="M12 6v20M20 6v20" />
      </svg>
      <span>Bulkhead</span>
    </span>
  );
}
