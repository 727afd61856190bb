import './workers.js';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';

import { examplesPlugin, tabs } from './examples.jsx';
import { fetcher } from './fetcher.js';
import { linked } from './links.js';
import { remember, subscribe, token } from './session.js';

const plugins = [HISTORY_PLUGIN, explorerPlugin(), examplesPlugin];
const headers = JSON.stringify({ Authorization: '' }, null, 2);
const defaultTabs = tabs(headers);
// GraphiQL fills the first editor of a first visit with the query of its tab only.
const firstVisit = localStorage.getItem('graphiql:tabState') === null;

function Session() {
  const current = useSyncExternalStore(subscribe, token);
  return (
    <div className="agora-session">
      {current ? (
        <>
          <span>Sending the access token of your last login.</span>
          <button type="button" className="graphiql-button" onClick={() => remember(null)}>
            Forget it
          </button>
        </>
      ) : (
        <span>Anonymous: log in, open a guest session, or set Authorization under Headers.</span>
      )}
    </div>
  );
}

// Opens what the link of a mail asks for, once, and takes its secret out of the address bar.
function MailLink() {
  const { addTab } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const link = useRef(linked(window.location.hash));
  useEffect(() => {
    if (!link.current || !queryEditor || !variableEditor) return;
    const { query, variables } = link.current;
    link.current = null;
    window.history.replaceState(null, '', window.location.pathname);
    addTab();
    queryEditor.setValue(query);
    variableEditor.setValue(variables);
  }, [addTab, queryEditor, variableEditor]);
  return null;
}

createRoot(document.getElementById('graphiql')).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    defaultTabs={defaultTabs}
    defaultHeaders={headers}
    initialVariables={firstVisit ? defaultTabs[0].variables : undefined}
    defaultEditorToolsVisibility="variables"
    isHeadersEditorEnabled
    shouldPersistHeaders
  >
    <GraphiQL.Logo>Agora</GraphiQL.Logo>
    <GraphiQL.Footer>
      <Session />
      <MailLink />
    </GraphiQL.Footer>
  </GraphiQL>,
);
