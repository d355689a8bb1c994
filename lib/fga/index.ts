// Entry point './fga': Descope's fine-grained authorization in services.
export {};
