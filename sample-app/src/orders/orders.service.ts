// What the resolver and the gateway hand on; it has never heard of either. Nothing is kept.
import { Injectable } from '@nestjs/common';
import type { Order } from './order.js';

const PRODUCTS = ['Tea', 'Coffee'];

@Injectable()
export class OrdersService {
  products(): string[] {
    return PRODUCTS;
  }

  /** The orders of one customer, and of nobody else: whose they are is told by the session, never by an argument. */
  listOf(customer: string): Order[] {
    return PRODUCTS.map((product, index) => ({ id: String(index + 1), product, customer }));
  }

  /** Whether there was such an order. */
  cancel(id: unknown): boolean {
    return PRODUCTS.some((_product, index) => id === String(index + 1));
  }
}
