// The browser's part of a job: keeps its id in the page's address, so that a reload shows it again.
export function mount() {
  window.addEventListener("sv-open", ({ detail }) => {
    const address = new URL(window.location.href);
    address.searchParams.set("job", detail.id);
    history.replaceState(null, "", address);
  });
}
