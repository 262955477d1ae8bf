export { backstageFace, type BackstageFaceOptions } from "./face/backstage-face.ts";
