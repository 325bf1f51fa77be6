import { hostname } from 'node:os';
import { ask } from './api';

export default async function Answer({ path }) {
  const answer = await ask(path);
  return (
    <main>
      <h1>techplay</h1>
      <p>
        The API says <code id="answer">{JSON.stringify(answer)}</code>
      </p>
      <p>
        Rendered by <code id="front">{hostname()}</code>
      </p>
    </main>
  );
}
