// Stringsvc serves uppercase, count and sum as JSON with Go kit's HTTP transport and its defaults: any verb, and 500 with the plain text of an error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"net/http"
	"strings"

	"github.com/go-kit/kit/endpoint"
	httptransport "github.com/go-kit/kit/transport/http"
)

type stringRequest struct {
	S string `json:"s"`
}

type uppercaseResponse struct {
	V   string `json:"v"`
	Err string `json:"err,omitempty"`
}

type countResponse struct {
	V int `json:"v"`
}

type sumRequest struct {
	A int `json:"a"`
	B int `json:"b"`
}

func uppercase(_ context.Context, request interface{}) (interface{}, error) {
	s := request.(stringRequest).S
	if s == "" {
		return uppercaseResponse{Err: "empty string"}, nil
	}
	return uppercaseResponse{V: strings.ToUpper(s)}, nil
}

func count(_ context.Context, request interface{}) (interface{}, error) {
	return countResponse{V: len(request.(stringRequest).S)}, nil
}

// Sum fails as an endpoint does, so that the transport's error encoder answers.
func sum(_ context.Context, request interface{}) (interface{}, error) {
	r := request.(sumRequest)
	if r.A == 0 && r.B == 0 {
		return nil, errors.New("can't sum two zeroes")
	}
	return countResponse{V: r.A + r.B}, nil
}

func decode[T any](_ context.Context, r *http.Request) (interface{}, error) {
	var request T
	err := json.NewDecoder(r.Body).Decode(&request)
	return request, err
}

func serve(e endpoint.Endpoint, dec httptransport.DecodeRequestFunc) http.Handler {
	return httptransport.NewServer(e, dec, httptransport.EncodeJSONResponse)
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "host and port")
	flag.Parse()
	http.Handle("/uppercase", serve(uppercase, decode[stringRequest]))
	http.Handle("/count", serve(count, decode[stringRequest]))
	http.Handle("/sum", serve(sum, decode[sumRequest]))
	log.Fatal(http.ListenAndServe(*listen, nil))
}
