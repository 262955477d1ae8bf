export { cloneRepository, fetchRepository, type RemoteOptions, type RemoteState } from "./clone-repository.ts";
export { compareTexts } from "./compare-texts.ts";
export { describeClone, type CloneAuthor, type CloneDescription } from "./describe-clone.ts";
export { checkRepositoryName, isRepositoryName } from "./names.ts";
export { mergeText, type MergedText } from "./merge-text.ts";
export { blobHash } from "./read-tree.ts";
export {
  openRepositories,
  type Commit,
  type CommitFilesOptions,
  type FileChange,
  type FileDifference,
  type FilePatch,
  type Repositories,
  type TreeEntry,
} from "./repositories.ts";
export {
  fetchRemoteBranch,
  pushBranches,
  readBranches,
  readRemoteBranches,
  type MirrorOptions,
  type MirrorUpdate,
} from "./mirror-branches.ts";
export { pushCommit, type PushCommitOptions } from "./push-commit.ts";
export { createSmartHttp, type Push, type SmartHttpOptions } from "./smart-http.ts";
