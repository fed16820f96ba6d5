/** Which forms are worth a place in line in the dispatcher: integer code, and the vector code of string and memory functions. */
import type { Form } from '@hypnos/isa';

export const isHot = ({ row }: Form): boolean => !row.fp;
