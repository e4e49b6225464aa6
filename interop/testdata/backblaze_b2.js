// Drives backblaze-b2, the client for Node.js: buckets, uploads, large files,
// listings, downloads, keys.
const assert = require("node:assert");
const crypto = require("node:crypto");
const B2 = require("backblaze-b2");

const sha1 = data => crypto.createHash("sha1").update(data).digest("hex");

async function main() {
  const b2 = new B2({ applicationKeyId: process.env.B2_APPLICATION_KEY_ID, applicationKey: process.env.B2_APPLICATION_KEY });
  await b2.authorize();
  const { data: bucket } = await b2.createBucket("interop-node", "allPrivate");
  const { bucketId, bucketName } = bucket;

  const name = "d/ü b+c.txt", content = Buffer.from("hello");
  const { data: to } = await b2.getUploadUrl({ bucketId });
  const { data: file } = await b2.uploadFile({
    uploadUrl: to.uploadUrl, uploadAuthToken: to.authorizationToken, fileName: name, data: content, info: { colour: "blue" },
  });
  assert.equal(file.contentSha1, sha1(content));
  assert.equal(file.fileName, name);

  const { data: started } = await b2.startLargeFile({ bucketId, fileName: "large" });
  const parts = [crypto.randomBytes(5_000_000), crypto.randomBytes(1000)];
  for (const [i, data] of parts.entries()) {
    const { data: to } = await b2.getUploadPartUrl({ fileId: started.fileId });
    await b2.uploadPart({ partNumber: i + 1, uploadUrl: to.uploadUrl, uploadAuthToken: to.authorizationToken, data });
  }
  const { data: listed } = await b2.listParts({ fileId: started.fileId, startPartNumber: 1, maxPartCount: 10 });
  assert.equal(listed.parts.length, 2);
  await b2.finishLargeFile({ fileId: started.fileId, partSha1Array: parts.map(sha1) });

  const { data: names } = await b2.listFileNames({ bucketId, startFileName: "", maxFileCount: 10, delimiter: "", prefix: "" });
  assert.deepEqual(names.files.map(f => f.fileName), [name, "large"]);
  const got = await b2.downloadFileById({ fileId: started.fileId, responseType: "arraybuffer" });
  assert.equal(sha1(Buffer.from(got.data)), sha1(Buffer.concat(parts)));
  const byName = await b2.downloadFileByName({ bucketName, fileName: name, responseType: "arraybuffer" });
  assert.equal(Buffer.from(byName.data).toString(), "hello");
  assert.equal(byName.headers["x-bz-info-colour"], "blue");

  await b2.hideFile({ bucketId, fileName: name });
  const { data: versions } = await b2.listFileVersions({ bucketId, startFileName: "", maxFileCount: 10 });
  assert.deepEqual(versions.files.map(f => f.action), ["hide", "upload", "upload"]);
  for (const { fileId, fileName } of versions.files) await b2.deleteFileVersion({ fileId, fileName });

  const { data: key } = await b2.createKey({ capabilities: ["listFiles"], keyName: "reader", bucketId });
  const { data: keys } = await b2.listKeys();
  assert.equal(keys.keys.length, 1);
  await b2.deleteKey({ applicationKeyId: key.applicationKeyId });
  await b2.deleteBucket({ bucketId });
}

main().catch(error => {
  console.error(error.response?.data ?? error);
  process.exit(1);
});
