import type { AdapterRecord } from '../../engine/protocol.ts';
import { Field } from '../controls/field.tsx';
import { Select } from '../controls/select.tsx';
import { ORDERS, type Search, tagsOf } from './find-adapters.ts';
import { words } from './words.ts';

export function SearchBar(props: {
  search: Search;
  adapters: readonly AdapterRecord[];
  found: number;
  onSearch: (search: Search) => void;
}) {
  const { search, adapters, found, onSearch } = props;
  const tags = tagsOf(adapters);
  return (
    <search className="stack-tight" aria-label={words.search}>
      <div className="library-search">
        <Field
          name={words.search}
          control={(tied) => (
            <input
              {...tied}
              className="input"
              type="search"
              value={search.text}
              placeholder={words.searchHint}
              onChange={(event) => onSearch({ ...search, text: event.target.value })}
            />
          )}
        />
        <Select
          name={words.order}
          value={search.order}
          options={ORDERS.map((value) => ({ value, label: words.orders[value] }))}
          onChange={(order) => onSearch({ ...search, order })}
        />
      </div>
      {tags.length > 0 && (
        <div className="line">
          {tags.map((tag) => (
            <label key={tag} className="chip-check">
              <input
                type="checkbox"
                checked={tag === search.tag}
                onChange={(event) => onSearch({ ...search, tag: event.target.checked ? tag : undefined })}
              />
              {tag}
            </label>
          ))}
        </div>
      )}
      <p className="hint number" role="status">
        {found === adapters.length ? '' : words.found(found, adapters.length)}
      </p>
    </search>
  );
}
