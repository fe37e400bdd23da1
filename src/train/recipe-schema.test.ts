import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { LORA_FIELDS } from './lora-settings.ts';
import { recipeSchema } from './testing/recipe-schema.ts';

const FILE = path.resolve(import.meta.dirname, '../../docs/recipe.schema.json');

describe('docs/recipe.schema.json', () => {
  it('says what the reader reads (node tools/recipe-schema.mjs writes it)', () => {
    const schema = recipeSchema();
    if (process.env.GRAFT_WRITE_SCHEMA) writeFileSync(FILE, schema);
    expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(schema));
  });

  it('has every field of LoraConfig that a run can set', () => {
    const { settings } = JSON.parse(recipeSchema()).properties;
    expect(Object.keys(settings.properties.lora.properties).sort()).toEqual([...LORA_FIELDS].sort());
    expect(settings.properties.rank).toMatchObject({ type: 'integer', minimum: 1, maximum: 1024 });
  });
});
