// The journey of the AWS SDK for JavaScript, version 3; `../README.md` says what each step is.

import assert from "node:assert/strict";
import * as sdk from "@aws-sdk/client-ecr";
import {
  CONFIG,
  LAYER,
  LAYER_PARTS,
  LIFECYCLE,
  NONE,
  PUSHED,
  SIGNATURE_TYPE,
  SMALL,
  digestOf,
  isNow,
  manifest,
  policy,
} from "./content.mjs";

const account = process.env.ECR_JOURNEY_ACCOUNT;
const region = process.env.AWS_REGION;
const client = new sdk.ECRClient({});
const ecr = new sdk.ECR({});
const profile = `arn:aws:signer:${region}:${account}:/signing-profiles/journey`;

/** Awaits the refusal that a call must meet, of exactly this class. */
async function refused(kind, call) {
  try {
    await call;
  } catch (error) {
    assert.equal(error.constructor, kind, `${error} is not ${kind.name}`);
    return error;
  }
  assert.fail(`${kind.name} was expected`);
}

/** All pages of an operation, by one of the SDK's paginators, which write into the input that they are given. */
async function pages(paginate, pageSize, input) {
  const found = [];
  for await (const page of paginate({ client, pageSize }, { ...input })) found.push(page);
  return found;
}

/** Pages of one entry each, of an operation that has no paginator. */
async function pagesByHand(call) {
  const found = [await call({ maxResults: 1 })];
  for (let token; (token = found.at(-1).nextToken); ) {
    found.push(await call({ maxResults: 1, nextToken: token }));
  }
  return found;
}

/** What so many pages list under a key. */
function listed(found, count, key) {
  assert.equal(found.length, count, `pages of ${key}`);
  return found.flatMap((page) => page[key]);
}

async function repositories() {
  const created = await ecr.createRepository({
    repositoryName: "sdk/app",
    tags: [
      { Key: "team", Value: "one" },
      { Key: "stage", Value: "test" },
    ],
  });
  const app = created.repository;
  const resourceArn = `arn:aws:ecr:${region}:${account}:repository/sdk/app`;
  assert.equal(app.repositoryArn, resourceArn);
  assert.equal(app.registryId, account);
  assert.equal(app.imageTagMutability, sdk.ImageTagMutability.MUTABLE);
  assert.equal(app.encryptionConfiguration.encryptionType, sdk.EncryptionType.AES256);
  assert(isNow(app.createdAt));
  await ecr.createRepository({ repositoryName: "sdk/two" });
  const three = await ecr.createRepository({
    repositoryName: "sdk/three",
    imageScanningConfiguration: { scanOnPush: true },
  });
  assert.equal(three.repository.imageScanningConfiguration.scanOnPush, true);

  await refused(
    sdk.RepositoryAlreadyExistsException,
    ecr.createRepository({ repositoryName: "sdk/app" }),
  );
  const denial = await refused(
    sdk.ECRServiceException,
    ecr.createRepository({ repositoryName: "forbidden/app" }),
  );
  assert.equal(denial.name, "AccessDeniedException");
  await refused(
    sdk.InvalidParameterException,
    ecr.createRepository({ repositoryName: "Not/Valid" }),
  );

  const found = listed(await pages(sdk.paginateDescribeRepositories, 2, {}), 2, "repositories");
  const names = found.map((each) => each.repositoryName).sort();
  assert.deepEqual(names, ["sdk/app", "sdk/three", "sdk/two", "seed/base"]);
  await refused(
    sdk.RepositoryNotFoundException,
    ecr.describeRepositories({ repositoryNames: ["sdk/absent"] }),
  );

  await ecr.tagResource({
    resourceArn,
    tags: [
      { Key: "stage", Value: "prod" },
      { Key: "owner", Value: "me" },
    ],
  });
  await ecr.untagResource({ resourceArn, tagKeys: ["team"] });
  const { tags } = await ecr.listTagsForResource({ resourceArn });
  const tagged = Object.fromEntries(tags.map((tag) => [tag.Key, tag.Value]));
  assert.deepEqual(tagged, { stage: "prod", owner: "me" });

  const scanning = await ecr.putImageScanningConfiguration({
    repositoryName: "sdk/three",
    imageScanningConfiguration: { scanOnPush: false },
  });
  assert.equal(scanning.imageScanningConfiguration.scanOnPush, false);
  const mutability = await ecr.putImageTagMutability({
    repositoryName: "sdk/app",
    imageTagMutability: sdk.ImageTagMutability.IMMUTABLE,
  });
  assert.equal(mutability.imageTagMutability, sdk.ImageTagMutability.IMMUTABLE);
}

/** Uploads a layer in parts, all but its end. Answers what the end needs. */
async function upload(repositoryName, ...parts) {
  const { uploadId, partSize } = await ecr.initiateLayerUpload({ repositoryName });
  assert(partSize > 0);
  const place = { repositoryName, uploadId };
  let partFirstByte = 0;
  for (const layerPartBlob of parts) {
    const partLastByte = partFirstByte + layerPartBlob.length - 1;
    const part = { ...place, partFirstByte, partLastByte, layerPartBlob };
    const { lastByteReceived } = await ecr.uploadLayerPart(part);
    assert.equal(lastByteReceived, partLastByte);
    partFirstByte = partLastByte + 1;
  }
  return place;
}

async function pushLayer(repositoryName, ...parts) {
  const digest = digestOf(Buffer.concat(parts));
  const place = await upload(repositoryName, ...parts);
  const { layerDigest } = await ecr.completeLayerUpload({ ...place, layerDigests: [digest] });
  assert.equal(layerDigest, digest);
}

async function layers() {
  await pushLayer("sdk/app", ...LAYER_PARTS);
  await pushLayer("sdk/app", CONFIG);
  const again = await upload("sdk/app", CONFIG);
  await refused(
    sdk.LayerAlreadyExistsException,
    ecr.completeLayerUpload({ ...again, layerDigests: [digestOf(CONFIG)] }),
  );
  const place = await upload("sdk/app", SMALL);
  const gap = { partFirstByte: 2_000, partLastByte: 2_999, layerPartBlob: SMALL };
  const invalid = await refused(
    sdk.InvalidLayerPartException,
    ecr.uploadLayerPart({ ...place, ...gap }),
  );
  assert.equal(invalid.lastValidByteReceived, 999);

  const checked = await ecr.batchCheckLayerAvailability({
    repositoryName: "sdk/app",
    layerDigests: [digestOf(LAYER), NONE],
  });
  const found = new Map(checked.layers.map((layer) => [layer.layerDigest, layer]));
  assert.equal(found.get(digestOf(LAYER)).layerAvailability, sdk.LayerAvailability.AVAILABLE);
  assert.equal(found.get(digestOf(LAYER)).layerSize, LAYER.length);
  assert.equal(found.get(NONE).layerAvailability, sdk.LayerAvailability.UNAVAILABLE);
}

async function images() {
  const app = { repositoryName: "sdk/app" };
  const texts = new Map(["v1", "v2", "v3"].map((tag) => [tag, manifest(tag)]));
  for (const [imageTag, imageManifest] of texts) {
    const { image } = await ecr.putImage({ ...app, imageManifest, imageTag });
    assert.deepEqual(image.imageId, { imageDigest: digestOf(imageManifest), imageTag });
  }
  const text = texts.get("v1");
  const first = digestOf(text);
  await refused(
    sdk.ImageAlreadyExistsException,
    ecr.putImage({ ...app, imageManifest: text, imageTag: "v1" }),
  );
  await refused(
    sdk.ImageTagAlreadyExistsException,
    ecr.putImage({ ...app, imageManifest: manifest("other"), imageTag: "v1" }),
  );
  const hollow = manifest("v9", { layerDigest: NONE });
  await refused(
    sdk.LayersNotFoundException,
    ecr.putImage({ ...app, imageManifest: hollow, imageTag: "v9" }),
  );

  const signatures = [];
  for (const name of ["first", "second"]) {
    const imageManifest = manifest(name, { subject: text });
    const { image } = await ecr.putImage({ ...app, imageManifest });
    signatures.push(image.imageId.imageDigest);
  }
  const subject = { ...app, subjectId: { imageDigest: first } };
  const referrers = listed(
    await pagesByHand((page) => ecr.listImageReferrers({ ...subject, ...page })),
    2,
    "referrers",
  );
  assert.deepEqual(referrers.map((each) => each.digest).sort(), signatures.sort());
  assert(referrers.every((each) => each.artifactType === SIGNATURE_TYPE));

  const filter = { tagStatus: sdk.TagStatus.TAGGED };
  const ids = listed(await pages(sdk.paginateListImages, 2, { ...app, filter }), 2, "imageIds");
  assert.deepEqual(ids.map((each) => each.imageTag).sort(), ["v1", "v2", "v3"]);
  const details = listed(await pages(sdk.paginateDescribeImages, 2, app), 3, "imageDetails");
  assert.equal(details.length, 5);
  const detail = details.find((each) => each.imageDigest === first);
  assert.deepEqual(detail.imageTags, ["v1"]);
  assert.equal(detail.imageSizeInBytes, LAYER.length + CONFIG.length);
  assert(isNow(detail.imagePushedAt));
  await refused(
    sdk.ImageNotFoundException,
    ecr.describeImages({ ...app, imageIds: [{ imageTag: "absent" }] }),
  );

  const imageIds = [{ imageTag: "v1" }, { imageTag: "absent" }];
  const got = await ecr.batchGetImage({ ...app, imageIds });
  assert.deepEqual(
    got.images.map((each) => each.imageManifest),
    [text],
  );
  assert.deepEqual(
    got.failures.map((each) => each.failureCode),
    [sdk.ImageFailureCode.ImageNotFound],
  );
  const layer = { ...app, layerDigest: digestOf(LAYER) };
  const { downloadUrl } = await ecr.getDownloadUrlForLayer(layer);
  const download = await fetch(downloadUrl);
  assert(LAYER.equals(Buffer.from(await download.arrayBuffer())));
  await refused(
    sdk.LayersNotFoundException,
    ecr.getDownloadUrlForLayer({ ...app, layerDigest: NONE }),
  );

  const last = { ...app, imageId: { imageTag: "v3" } };
  const away = await ecr.updateImageStorageClass({ ...last, targetStorageClass: "ARCHIVE" });
  assert.equal(away.imageStatus, sdk.ImageStatus.ARCHIVED);
  const archived = await ecr.describeImages({ ...app, filter: { imageStatus: "ARCHIVED" } });
  assert.equal(archived.imageDetails.length, 1);
  assert.deepEqual(archived.imageDetails[0].imageTags, ["v3"]);
  assert(isNow(archived.imageDetails[0].lastArchivedAt));
  const back = await ecr.updateImageStorageClass({ ...last, targetStorageClass: "STANDARD" });
  assert.equal(back.imageStatus, sdk.ImageStatus.ACTIVATING);
  const gone = await ecr.batchDeleteImage({
    ...app,
    imageIds: [{ imageTag: "v3" }, { imageTag: "absent" }],
  });
  assert.deepEqual(
    gone.imageIds.map((each) => each.imageTag),
    ["v3"],
  );
  assert.deepEqual(
    gone.failures.map((each) => each.failureCode),
    [sdk.ImageFailureCode.ImageNotFound],
  );

  const { authorizationData } = await ecr.getAuthorizationToken({});
  const [{ authorizationToken, expiresAt, proxyEndpoint }] = authorizationData;
  assert.match(Buffer.from(authorizationToken, "base64").toString(), /^AWS:./);
  assert(isNow(expiresAt, { laterHours: 12 }));
  const headers = { Authorization: `Basic ${authorizationToken}` };
  assert.equal((await fetch(`${proxyEndpoint}/v2/`, { headers })).status, 200);
}

async function policies() {
  const app = { repositoryName: "sdk/app" };
  const pull = policy("ecr:BatchGetImage");
  await ecr.setRepositoryPolicy({ ...app, policyText: pull });
  const { policyText } = await ecr.getRepositoryPolicy(app);
  assert.deepEqual(JSON.parse(policyText), JSON.parse(pull));
  await ecr.deleteRepositoryPolicy(app);
  await refused(sdk.RepositoryPolicyNotFoundException, ecr.getRepositoryPolicy(app));

  const replicate = policy(
    "ecr:ReplicateImage",
    `arn:aws:ecr:${region}:${account}:repository/*`,
  );
  await ecr.putRegistryPolicy({ policyText: replicate });
  const registryPolicy = await ecr.getRegistryPolicy({});
  assert.deepEqual(JSON.parse(registryPolicy.policyText), JSON.parse(replicate));
  await ecr.deleteRegistryPolicy({});
  await refused(sdk.RegistryPolicyNotFoundException, ecr.getRegistryPolicy({}));

  const base = { repositoryName: "seed/base" };
  await ecr.putLifecyclePolicy({ ...base, lifecyclePolicyText: LIFECYCLE });
  const read = await ecr.getLifecyclePolicy(base);
  assert.deepEqual(JSON.parse(read.lifecyclePolicyText), JSON.parse(LIFECYCLE));
  assert(read.lastEvaluatedAt instanceof Date);
  const started = await ecr.startLifecyclePolicyPreview(base);
  assert.equal(started.status, sdk.LifecyclePolicyPreviewStatus.IN_PROGRESS);
  await sdk.waitUntilLifecyclePolicyPreviewComplete(waiting, base);
  const found = await pages(sdk.paginateGetLifecyclePolicyPreview, 1, base);
  const results = listed(found, 2, "previewResults");
  assert.deepEqual(
    results.map((each) => each.imageTags),
    [["one"], ["two"]],
  );
  assert.deepEqual(results[0].imagePushedAt, PUSHED);
  assert.equal(found[0].summary.expiringImageTotalCount, 2);
  await refused(
    sdk.LifecyclePolicyPreviewNotFoundException,
    ecr.getLifecyclePolicyPreview({ repositoryName: "sdk/two" }),
  );
  await ecr.deleteLifecyclePolicy(base);
  await refused(sdk.LifecyclePolicyNotFoundException, ecr.getLifecyclePolicy(base));
}

/** Waiters look again soon; times in seconds. */
const waiting = { client, minDelay: 0.1, maxDelay: 0.2, maxWaitTime: 60 };

async function scansAndSignatures() {
  const one = { repositoryName: "seed/base", imageId: { imageTag: "one" } };
  const { imageScanStatus } = await ecr.startImageScan(one);
  assert.equal(imageScanStatus.status, sdk.ScanStatus.IN_PROGRESS);
  await sdk.waitUntilImageScanComplete(waiting, one);
  const found = await pages(sdk.paginateDescribeImageScanFindings, 2, one);
  assert.equal(found.length, 2);
  const names = found.flatMap((page) => page.imageScanFindings.findings).map((each) => each.name);
  assert.deepEqual(names, ["CVE-2030-0001", "CVE-2030-0002", "CVE-2030-0003"]);
  assert.deepEqual(found[0].imageScanFindings.findingSeverityCounts, { HIGH: 2, LOW: 1 });
  assert(isNow(found[0].imageScanFindings.imageScanCompletedAt));
  await refused(sdk.LimitExceededException, ecr.startImageScan(one));
  await refused(
    sdk.ScanNotFoundException,
    ecr.describeImageScanFindings({ repositoryName: "sdk/app", imageId: { imageTag: "v1" } }),
  );

  const repositoryFilters = [{ filter: "prod*", filterType: "WILDCARD" }];
  const scanning = {
    scanType: sdk.ScanType.BASIC,
    rules: [{ scanFrequency: sdk.ScanFrequency.SCAN_ON_PUSH, repositoryFilters }],
  };
  await ecr.putRegistryScanningConfiguration(scanning);
  const { scanningConfiguration } = await ecr.getRegistryScanningConfiguration({});
  assert.deepEqual(scanningConfiguration, scanning);
  const read = await ecr.batchGetRepositoryScanningConfiguration({
    repositoryNames: ["sdk/app", "sdk/absent"],
  });
  assert.deepEqual(
    read.scanningConfigurations.map((each) => each.repositoryArn),
    [`arn:aws:ecr:${region}:${account}:repository/sdk/app`],
  );
  assert.deepEqual(
    read.failures.map((each) => [each.repositoryName, each.failureCode]),
    [["sdk/absent", sdk.ScanningConfigurationFailureCode.REPOSITORY_NOT_FOUND]],
  );

  const filters = [{ filter: "sdk/*", filterType: "WILDCARD_MATCH" }];
  const signing = { rules: [{ signingProfileArn: profile, repositoryFilters: filters }] };
  await ecr.putSigningConfiguration({ signingConfiguration: signing });
  const { signingConfiguration } = await ecr.getSigningConfiguration({});
  assert.deepEqual(signingConfiguration, signing);
}

async function replication() {
  const [europe, australia] = ["eu-west-1", "ap-southeast-2"].map((name) => ({
    region: name,
    registryId: account,
  }));
  const repositoryFilters = ["seed/", "sdk/two"].map((filter) => ({
    filter,
    filterType: sdk.RepositoryFilterType.PREFIX_MATCH,
  }));
  const configuration = { rules: [{ destinations: [europe, australia], repositoryFilters }] };
  await ecr.putReplicationConfiguration({ replicationConfiguration: configuration });
  const { replicationConfiguration } = await ecr.describeRegistry({});
  assert.deepEqual(replicationConfiguration, configuration);

  const started = await ecr.startReplicationBackfill({ destination: europe });
  assert(isNow(started.startedAt));
  const { replicationBackfillId } = started;
  const found = await pages(sdk.paginateDescribeReplicationBackfillResults, 2, {
    replicationBackfillId,
  });
  const results = listed(found, 2, "results");
  assert.deepEqual(results.map((each) => each.imageId.imageTag).sort(), ["one", "three", "two"]);
  assert(results.every((each) => each.status === "COMPLETE"));
  assert.equal(found[0].progress.totalReplicationCount, 3);
  const held = await ecr.startReplicationBackfill({ destination: australia });
  const stopped = await ecr.stopReplicationBackfill({
    replicationBackfillId: held.replicationBackfillId,
  });
  assert.equal(stopped.status, "STOPPING");
  const backfills = listed(await pages(sdk.paginateListReplicationBackfills, 1, {}), 2, "backfills");
  assert.deepEqual(
    backfills.map((each) => each.replicationBackfillId).sort(),
    [replicationBackfillId, held.replicationBackfillId].sort(),
  );

  await pushLayer("sdk/two", SMALL);
  await pushLayer("sdk/two", CONFIG);
  const two = { repositoryName: "sdk/two", imageId: { imageTag: "r1" } };
  const { image } = await ecr.putImage({
    repositoryName: "sdk/two",
    imageManifest: manifest("r1", { layer: SMALL }),
    imageTag: "r1",
  });
  const { replicationStatuses } = await ecr.describeImageReplicationStatus(two);
  const statuses = Object.fromEntries(replicationStatuses.map((each) => [each.region, each.status]));
  assert.deepEqual(statuses, { "eu-west-1": "COMPLETE", "ap-southeast-2": "COMPLETE" });
  const there = new sdk.ECR({ region: "eu-west-1" });
  const copies = await there.describeImages({
    repositoryName: "sdk/two",
    imageIds: [{ imageTag: "r1" }],
  });
  assert.deepEqual(
    copies.imageDetails.map((each) => each.imageDigest),
    [image.imageId.imageDigest],
  );

  const { signingStatuses } = await ecr.describeImageSigningStatus(two);
  assert.deepEqual(
    signingStatuses.map((each) => [each.signingProfileArn, each.status]),
    [[profile, sdk.SigningStatus.COMPLETE]],
  );
  await ecr.deleteSigningConfiguration({});
  await refused(sdk.SigningConfigurationNotFoundException, ecr.getSigningConfiguration({}));
}

async function cacheRules() {
  const secret = `arn:aws:secretsmanager:${region}:${account}:secret:ecr-pullthroughcache`;
  const mirror = { ecrRepositoryPrefix: "mirror", upstreamRegistryUrl: "mirror.test" };
  const quay = { ecrRepositoryPrefix: "quay", upstreamRegistryUrl: "quay.io" };
  const hub = {
    ecrRepositoryPrefix: "hub",
    upstreamRegistryUrl: "registry-1.docker.io",
    upstreamRegistry: sdk.UpstreamRegistry.DockerHub,
    credentialArn: `${secret}/hub-AbCdEf`,
  };
  for (const rule of [mirror, quay, hub]) {
    assert(isNow((await ecr.createPullThroughCacheRule(rule)).createdAt));
  }
  await refused(
    sdk.PullThroughCacheRuleAlreadyExistsException,
    ecr.createPullThroughCacheRule(mirror),
  );
  const found = listed(
    await pages(sdk.paginateDescribePullThroughCacheRules, 2, {}),
    2,
    "pullThroughCacheRules",
  );
  const prefixes = found.map((rule) => rule.ecrRepositoryPrefix).sort();
  assert.deepEqual(prefixes, ["hub", "mirror", "quay"]);
  const credentialArn = `${secret}/other-AbCdEf`;
  const updated = await ecr.updatePullThroughCacheRule({ ecrRepositoryPrefix: "hub", credentialArn });
  assert.equal(updated.credentialArn, credentialArn);
  const { isValid } = await ecr.validatePullThroughCacheRule({ ecrRepositoryPrefix: "mirror" });
  assert.equal(isValid, true);
  const pulled = await ecr.batchGetImage({
    repositoryName: "mirror/team/base",
    imageIds: [{ imageTag: "v1" }],
  });
  assert.equal(pulled.images.length, 1);
  await ecr.deletePullThroughCacheRule({ ecrRepositoryPrefix: "quay" });
  await refused(
    sdk.PullThroughCacheRuleNotFoundException,
    ecr.deletePullThroughCacheRule({ ecrRepositoryPrefix: "quay" }),
  );
}

async function templates() {
  const appliedFor = [sdk.RCTAppliedFor.CREATE_ON_PUSH];
  for (const prefix of ["one", "two", "ROOT"]) {
    await ecr.createRepositoryCreationTemplate({ prefix, appliedFor });
  }
  await refused(
    sdk.TemplateAlreadyExistsException,
    ecr.createRepositoryCreationTemplate({ prefix: "one", appliedFor }),
  );
  const found = listed(
    await pages(sdk.paginateDescribeRepositoryCreationTemplates, 2, {}),
    2,
    "repositoryCreationTemplates",
  );
  assert.deepEqual(found.map((each) => each.prefix).sort(), ["ROOT", "one", "two"]);
  const { repositoryCreationTemplate: echo } = await ecr.updateRepositoryCreationTemplate({
    prefix: "one",
    description: "journey",
    imageTagMutability: sdk.ImageTagMutability.IMMUTABLE,
  });
  assert.equal(echo.description, "journey");
  assert.equal(echo.imageTagMutability, sdk.ImageTagMutability.IMMUTABLE);
  assert(isNow(echo.updatedAt));
  await ecr.deleteRepositoryCreationTemplate({ prefix: "one" });
  await refused(
    sdk.TemplateNotFoundException,
    ecr.deleteRepositoryCreationTemplate({ prefix: "one" }),
  );
}

async function settings() {
  await ecr.putAccountSetting({ name: "BLOB_MOUNTING", value: "ENABLED" });
  assert.equal((await ecr.getAccountSetting({ name: "BLOB_MOUNTING" })).value, "ENABLED");

  const [a, b] = ["a", "b"].map((name) => ({
    principalArn: `arn:aws:iam::${account}:role/${name}`,
  }));
  for (const role of [a, b]) {
    assert(isNow((await ecr.registerPullTimeUpdateExclusion(role)).createdAt));
  }
  await refused(sdk.ExclusionAlreadyExistsException, ecr.registerPullTimeUpdateExclusion(a));
  const found = listed(
    await pagesByHand((page) => ecr.listPullTimeUpdateExclusions(page)),
    2,
    "pullTimeUpdateExclusions",
  );
  assert.deepEqual(found.sort(), [a.principalArn, b.principalArn]);
  await ecr.deregisterPullTimeUpdateExclusion(a);
  await refused(sdk.ExclusionNotFoundException, ecr.deregisterPullTimeUpdateExclusion(a));
}

async function end() {
  const app = { repositoryName: "sdk/app" };
  await refused(sdk.RepositoryNotEmptyException, ecr.deleteRepository(app));
  const { repository } = await ecr.deleteRepository({ ...app, force: true });
  assert.equal(repository.repositoryName, "sdk/app");
  await refused(sdk.RepositoryNotFoundException, ecr.deleteRepository(app));
}

await repositories();
await layers();
await images();
await policies();
await scansAndSignatures();
await replication();
await cacheRules();
await templates();
await settings();
await end();
