import { type ButtonHTMLAttributes, type MouseEvent, type Ref, useState } from 'react';
import { useStore } from 'zustand';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { Icon } from '../controls/icon.tsx';
import { showTrouble } from '../shell/trouble-store.ts';
import { exportStore } from './export-store.ts';
import type { FormatsMenu } from './formats-menu.tsx';
import './formats-menu.css';
import { words } from './words.ts';

/** Every form that the adapter can be taken home in: a menu that is fetched when someone asks for it first. */
export function FormatsButton({ adapter }: { adapter: AdapterRecord }) {
  const [menu, setMenu] = useState<{ Menu: typeof FormatsMenu; byKeyboard: boolean }>();
  if (menu !== undefined) return <menu.Menu adapter={adapter} byKeyboard={menu.byKeyboard} />;
  /** A click that comes from a key has no count. */
  const open = async ({ detail }: MouseEvent) => {
    try {
      const { FormatsMenu } = await import('./formats-menu.tsx');
      setMenu({ Menu: FormatsMenu, byKeyboard: detail === 0 });
    } catch (error) {
      showTrouble(error);
    }
  };
  return <FormatsTrigger adapter={adapter} aria-haspopup="menu" onClick={(event) => void open(event)} />;
}

/** The button alone; the menu adds what it needs to open and close. */
export function FormatsTrigger(
  props: { adapter: AdapterRecord; ref?: Ref<HTMLButtonElement> } & ButtonHTMLAttributes<HTMLButtonElement>,
) {
  const { adapter, ...rest } = props;
  const isBusy = useStore(exportStore, (s) => s.id !== undefined);
  return (
    <button
      type="button"
      className="button button-icon download-more"
      disabled={isBusy}
      aria-label={words.of(words.formats.more, adapter.name)}
      title={words.formats.more}
      {...rest}
    >
      <Icon name="down" />
    </button>
  );
}
