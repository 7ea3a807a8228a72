import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const DEVICE = process.env.NEARFIELD_PAGE ?? "http://127.0.0.1:8770";

function device() {
  return { target: DEVICE, changeOrigin: true, headers: { origin: DEVICE } };
}

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../nearfield_edge/page/static",
    emptyOutDir: true,
    // Inlined assets would be data: addresses, which the page's content security policy refuses.
    assetsInlineLimit: 0,
    target: "es2022",
  },
  worker: { format: "es" },
  // The device answers only what comes from its own page: to it, requests of the development server do.
  server: { proxy: { "/api": device(), "/ws": { ...device(), ws: true } } },
  test: { include: ["src/**/*.test.ts"], environment: "node", isolate: false },
});
