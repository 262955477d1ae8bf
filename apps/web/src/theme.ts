import { createTheme, localStorageColorSchemeManager, type CSSVariablesResolver } from "@mantine/core";

/** One accent, two greys that pass AA on both grounds, one typeface and one monospace. State colours: styles/tokens.css. */
export const theme = createTheme({
  primaryColor: "road",
  primaryShade: { light: 7, dark: 7 },
  colors: {
    road: ["#eef0ff", "#dde1fd", "#c3caff", "#9aa8ff", "#8594fb", "#6c7df0", "#5263df", "#4353c8", "#3a48b0", "#2f3b93"],
    dark: ["#e6e8ec", "#c3c8d1", "#9ba4b3", "#6b7484", "#414853", "#2a2f37", "#1f242b", "#121519", "#0d0f12", "#08090b"],
  },
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "1.35" },
      h2: { fontSize: "15px", lineHeight: "1.4" },
      h3: { fontSize: "13px", lineHeight: "1.4" },
    },
  },
  defaultRadius: 6,
  autoContrast: true,
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    InputWrapper: { styles: { description: { fontSize: "12.5px", marginTop: 1 }, error: { fontSize: "12.5px" } } },
    Button: { defaultProps: { size: "compact-md", fw: 550 } },
    TextInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", comboboxProps: { transitionProps: { duration: 80 } } } },
    MultiSelect: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 80 } } },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 120 }, closeButtonProps: { "aria-label": "Close" } } },
    Drawer: { defaultProps: { transitionProps: { duration: 120 }, closeButtonProps: { "aria-label": "Close" } } },
    Menu: { defaultProps: { transitionProps: { duration: 80 } } },
    Popover: { defaultProps: { transitionProps: { duration: 80 } } },
    Tabs: { defaultProps: { keepMounted: false } },
  },
});

/** Greys and reds of Mantine that do not reach AA on our grounds, replaced. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-text": "#1b1f26",
    "--mantine-color-dimmed": "#59616e",
    "--mantine-color-placeholder": "#6a7280",
    "--mantine-color-error": "#c0222b",
    "--mantine-color-default-border": "#d5d9e0",
  },
  dark: {
    "--mantine-color-dimmed": "#9ba4b3",
    "--mantine-color-placeholder": "#8a93a2",
    "--mantine-color-error": "#ff7b74",
    "--mantine-color-anchor": "#9aa8ff",
    "--mantine-color-default": "#1b1f25",
    "--mantine-color-default-border": "#363c46",
  },
});

export const colorSchemeManager = localStorageColorSchemeManager({ key: "roadbed.color-scheme" });
