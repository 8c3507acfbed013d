export function App() {
  return (
    <main>
      <h1>Bulkhead</h1>
    </main>
  );
}
