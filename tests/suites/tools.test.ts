/** openssl, perl, sqlite and python in the guest: the short choice. */
import { testShort } from './short.ts';

testShort(guest => guest === 'tools');
