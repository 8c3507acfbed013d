import { Agent } from './http/agent.ts';
import { clientOf } from './http/client.ts';

export default clientOf('http', Agent);
