// Reads JSON strings, one a line, and prints what go-logfmt makes of each: a list of it as a key and as a value, empty where it is refused.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	"github.com/go-logfmt/logfmt"
)

func main() {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	buffered := bufio.NewWriter(os.Stdout)
	defer buffered.Flush()
	out := json.NewEncoder(buffered)
	out.SetEscapeHTML(false)
	for in.More() {
		var text string
		if err := in.Decode(&text); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode([2]string{encoded(text, "v"), encoded("k", text)}); err != nil {
			log.Fatal(err)
		}
	}
}

func encoded(key, value string) string {
	pair, err := logfmt.MarshalKeyvals(key, value)
	if err != nil {
		return ""
	}
	return string(pair)
}
