/** The files of a new path: a form, steps, a skeleton and a test, which pass as they come. */
export function newPathFiles({
  name,
  title,
  owner,
}: {
  name: string;
  title?: string | undefined;
  owner: string;
}): { path: string; text: string }[] {
  return [
    {
      path: "template.yaml",
      text: `apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: ${name}
  title: ${JSON.stringify(title ?? name)}
  description: One sentence that says what it makes.
spec:
  type: service
  owner: ${owner}
  parameters:
    - title: What it is
      required: [name, owner]
      properties:
        name:
          type: string
          title: Name
          pattern: "^[a-z][a-z0-9-]{1,50}$"
          ui:field: EntityNamePicker
          roadbed:unique: [component, repository]
          errorMessage: Lower-case letters, digits and dashes.
        owner:
          type: string
          title: Owner
          ui:field: OwnerPicker
  steps:
    - id: files
      name: Write the files
      action: fetch:template
      input:
        url: ./skeleton
        values:
          name: \${{ parameters.name }}
          owner: \${{ parameters.owner }}
    - id: publish
      name: Make the repository
      action: publish:git
      input:
        name: \${{ parameters.name }}
    - id: register
      name: Register it
      action: catalog:register
      input:
        repoContentsUrl: \${{ steps.publish.output.repoContentsUrl }}
  output:
    links:
      - title: The component
        entityRef: \${{ steps.register.output.entityRef }}
`,
    },
    {
      path: "skeleton/catalog-info.yaml",
      text: `apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: \${{ values.name }}
spec:
  type: service
  lifecycle: experimental
  owner: \${{ values.owner }}
`,
    },
    { path: "skeleton/README.md", text: "# ${{ values.name }}\n" },
    {
      path: "tests/least.yaml",
      text: `name: with the least
values:
  name: orders
  owner: group:default/example
given:
  entities: [group:default/example]
expect:
  files:
    README.md: |
      # orders
    catalog-info.yaml:
      contains: ["name: orders"]
  only: true
  entities: [component:default/orders]
`,
    },
    {
      path: "tests/bad-name.yaml",
      text: `name: a name that cannot be one
values:
  name: Orders!
  owner: group:default/example
given:
  entities: [group:default/example]
expect:
  problems:
    name: Lower-case letters
`,
    },
  ];
}
