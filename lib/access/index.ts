// Entry point './access': demands that few applications need.
export {};
