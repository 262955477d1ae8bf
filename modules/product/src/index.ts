export { firstYearReturn, type FirstYearReturn, type ReturnInputs } from "./value/first-year-return.ts";
