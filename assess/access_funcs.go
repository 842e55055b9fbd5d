package assess

// accessFuncs decides the checks of the area Access.
var accessFuncs = map[string]Func{}
