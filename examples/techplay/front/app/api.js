// Asks the API through the load balancer. A wrong or missing answer throws: the page then fails with 500, so that
// whoever measures sees it, instead of a page that looks well.
export async function ask(path) {
  const base = process.env.API_URL;
  if (!base) {
    throw new Error('API_URL is not set');
  }
  const response = await fetch(base + path, { cache: 'no-store', signal: AbortSignal.timeout(5000) });
  if (!response.ok) {
    throw new Error(`${path} answered ${response.status}`);
  }
  const answer = await response.json();
  if (answer.ok !== true || answer.path !== path) {
    throw new Error(`${path} answered nonsense: ${JSON.stringify(answer)}`);
  }
  return answer;
}
