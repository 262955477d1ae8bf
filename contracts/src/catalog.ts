import {
  deleteEntity,
  entityHistory,
  facetEntities,
  getDocs,
  getEntity,
  listNeighbours,
  graphEntities,
  listEntities,
  validateEntity,
} from "./catalog/entity-operations.ts";
import { getSample, removeSample } from "./catalog/sample.ts";
import { searchAll } from "./catalog/search.ts";
import { deleteSource, getSource, importSource, listSources, syncSource } from "./catalog/source.ts";

export {
  Entity,
  EntityMetadata,
  EntityRow,
  EntityTrust,
  EntityView,
  NeighbourView,
  Provenance,
  serviceNameOf,
  ValueChange,
} from "./catalog/entity.ts";
export {
  deleteEntity,
  entityHistory,
  facetEntities,
  Filter,
  Flag,
  getDocs,
  getEntity,
  listNeighbours,
  graphEntities,
  listEntities,
  validateEntity,
} from "./catalog/entity-operations.ts";
export { entityChanged, entityRegistered, entityRemoved, sampleRemoved, sourceSynced } from "./catalog/events.ts";
export { AsOf, Instant, readInstant } from "./catalog/instant.ts";
export { EntityRef, formatRef, parseRef, type RefParts } from "./catalog/ref.ts";
export { getSample, removeSample } from "./catalog/sample.ts";
export { searchAll } from "./catalog/search.ts";
export {
  deleteSource,
  getSource,
  importSource,
  listSources,
  Source,
  SourceHold,
  SourceKind,
  SourceProblem,
  SyncCounts,
  SyncRun,
  syncSource,
} from "./catalog/source.ts";

export const operations = [
  listEntities,
  getEntity,
  listNeighbours,
  facetEntities,
  graphEntities,
  validateEntity,
  deleteEntity,
  entityHistory,
  getDocs,
  searchAll,
  importSource,
  listSources,
  getSource,
  syncSource,
  deleteSource,
  getSample,
  removeSample,
] as const;
