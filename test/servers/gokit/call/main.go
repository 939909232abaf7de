// Call sends one JSON value with Go kit's HTTP client and prints the JSON value of the reply.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	httptransport "github.com/go-kit/kit/transport/http"
)

func decode(_ context.Context, r *http.Response) (interface{}, error) {
	if r.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(r.Body)
		return nil, fmt.Errorf("%s: %s", r.Status, body)
	}
	var reply json.RawMessage
	err := json.NewDecoder(r.Body).Decode(&reply)
	return reply, err
}

func main() {
	method := flag.String("method", "POST", "verb")
	flag.Parse()
	if err := call(*method, flag.Arg(0), flag.Arg(1)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func call(method, target, request string) error {
	to, err := url.Parse(target)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	client := httptransport.NewClient(method, to, httptransport.EncodeJSONRequest, decode)
	reply, err := client.Endpoint()(ctx, json.RawMessage(request))
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", reply)
	return nil
}
