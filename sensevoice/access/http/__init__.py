"""What a request is made of: connections, headers, cookies and bodies, bounded before anything reads them."""
