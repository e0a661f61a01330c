package helm

import (
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// argoHealth runs a health check as Argo CD does: gopher-lua with the object in
// `obj` and few libraries.
func argoHealth(t *testing.T, script string, object any) (status, message string) {
	t.Helper()
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{
		lua.BaseLibName:   lua.OpenBase,
		lua.TabLibName:    lua.OpenTable,
		lua.StringLibName: lua.OpenString,
	} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(script); err != nil {
		t.Fatal(err)
	}
	answer, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		t.Fatalf("the script returns %s, not a table", state.Get(-1).Type())
	}
	return lua.LVAsString(answer.RawGetString("status")), lua.LVAsString(answer.RawGetString("message"))
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case map[string]any:
		table := state.NewTable()
		for key, inner := range value {
			table.RawSetString(key, toLua(state, inner))
		}
		return table
	case []any:
		table := state.NewTable()
		for _, inner := range value {
			table.Append(toLua(state, inner))
		}
		return table
	case string:
		return lua.LString(value)
	case bool:
		return lua.LBool(value)
	case float64:
		return lua.LNumber(value)
	case int64:
		return lua.LNumber(value)
	default:
		return lua.LNil
	}
}

// The health checks that the ConfigMap brings into Argo CD, by the key of the kind.
func healthChecks(t *testing.T) map[string]string {
	t.Helper()
	var config struct {
		Data map[string]string `json:"data"`
	}
	readYAML(t, "../../deploy/argocd/argocd-cm.yaml", &config)
	return config.Data
}

func TestArgoCDSeesTheHealthThatStatusesMean(t *testing.T) {
	checks := healthChecks(t)
	for name, object := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			want, ok := meanings[name]
			if !ok {
				t.Fatal("this table says nothing of what this status means")
			}
			script := checks["resource.customizations.health.adops.dev_"+object.GetKind()]
			status, message := argoHealth(t, script, object.Object)
			if status != want.argo {
				t.Errorf("Argo CD says %s (%s), want %s", status, message, want.argo)
			}
			if message == "" {
				t.Error("no message")
			}
		})
	}
}

func TestEveryKindHasAHealthCheck(t *testing.T) {
	checks := healthChecks(t)
	for _, kind := range kinds(t) {
		if checks["resource.customizations.health.adops.dev_"+kind] == "" {
			t.Errorf("argocd-cm.yaml has no health check for %s", kind)
		}
	}
}
