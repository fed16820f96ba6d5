import { SqliteLedger, FolderBucket, nodeContent } from '@hypnos/host-node';
import { getManifest, hashOf, openImage, encodeManifest, imageRoot, knownChunks } from '@hypnos/vmm';
const home=process.argv[2];
let t=performance.now(); const step=(n:string)=>{const u=performance.now(); console.log(n,(u-t).toFixed(1)); t=performance.now();};
const l=new SqliteLedger(home+'/ledger.sqlite'); step('ledger');
const b=new FolderBucket(home+'/store'); const v=await l.view('dev'); step('view');
for (let i=0;i<3;i++){ const m=await getManifest(b,hashOf(v.generations.at(-1)!.manifest)!,nodeContent); step('getManifest');
 await openImage(m,b,nodeContent); step('openImage'); encodeManifest(m,nodeContent); step('encode'); imageRoot(m.image,nodeContent); step('root'); knownChunks(m); step('known'); }
