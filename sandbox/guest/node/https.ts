import { SecureAgent } from './http/agent.ts';
import { clientOf } from './http/client.ts';

export default clientOf('https', SecureAgent);
