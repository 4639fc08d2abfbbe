import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';

// The reference is a page with a script and styles of its own; everything comes from here, nothing from elsewhere.
const PAGE_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "frame-ancestors 'none'",
].join('; ');

/** `/openapi.json`, and `/docs` to browse it. */
export async function registerDocs(app: FastifyInstance, document: object): Promise<void> {
  const json = JSON.stringify(document);
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(json));
  await app.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      reply.header('content-security-policy', PAGE_POLICY);
    });
    await scope.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'Evently API',
        favicon: 'data:,',
        // The very server that the page came from, by whichever name: requests to any other are blocked above.
        servers: [{ url: '/api/v1' }],
        authentication: { preferredSecurityScheme: 'session' },
        // What would call, or lead to, a service of the viewer's maker.
        withDefaultFonts: false,
        hideClientButton: true,
        showDeveloperTools: 'never',
        agent: { disabled: true },
        mcp: { disabled: true },
        telemetry: false,
      },
      logLevel: 'silent',
    });
  });
}
