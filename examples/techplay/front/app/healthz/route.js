// Healthy means: this process serves. It does not ask the API, or an API outage would take the front down with it.
export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json({ ok: true, path: '/healthz' });
}
