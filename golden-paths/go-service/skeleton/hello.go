package main

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

const longestName = 100

// refused is a request that cannot be answered; status says how.
type refused struct {
	status int
	title  string
}

func (r refused) Error() string { return r.title }

// hello greets. It refuses a name that is too long.
func hello(name string) (map[string]string, error) {
	wanted := strings.TrimSpace(name)
	if wanted == "" {
		wanted = "world"
	}
	if utf8.RuneCountInString(wanted) > longestName {
		return nil, refused{http.StatusBadRequest, fmt.Sprintf("a name has at most %d characters", longestName)}
	}
	return map[string]string{"message": "Hello, " + wanted + "!"}, nil
}
