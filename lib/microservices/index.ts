// Entry point './microservices': credentials in the metadata of gRPC and in the headers of a broker's messages.
export { microserviceTransport } from '../auth/transports/microservice.js';
