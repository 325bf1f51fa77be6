import Answer from './answer';

export const dynamic = 'force-dynamic';

export default function Page() {
  return <Answer path="/api/hello" />;
}
