// The example operations: one tab each at first, and a list to open a closed one again.
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import examples from 'examples';

export const tabs = (headers) => examples.map(({ query, variables }) => ({ query, variables, headers }));

function Examples() {
  const { addTab } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);

  function open({ query, variables }) {
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
  }
  return (
    <>
      <div className="graphiql-doc-explorer-title">Examples</div>
      <ul>
        {examples.map((example) => (
          <li key={example.name}>
            <button type="button" className="graphiql-un-styled" onClick={() => open(example)}>
              {example.name.replaceAll('-', ' ')}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Icon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M4 4h16v16H4zM8 9h8M8 13h8M8 17h5" />
    </svg>
  );
}

export const examplesPlugin = { title: 'Examples', icon: Icon, content: Examples };
